/**
 * Words that shops and tills use, in four languages and two worlds that share none.
 *
 * @module
 */
import type { Language, World } from './world.ts'

type Lists = { readonly [world in World]: { readonly [language in Language]: readonly string[] } }

const listed = (text: string) => text.split(',').map((word) => word.trim())

/** What is written beside a shop's own name. */
export const shopWords: Lists = {
  training: {
    en: listed(
      'Cafe, Bakery, Grill, Books, Foods, Pharmacy, Diner, Shop, Tools, Pizza, Garage, Hotel, Store, Bar, Market, Supermarket, The, Old, Little, Coffee, House',
    ),
    de: listed(
      'Café, Bäckerei, Apotheke, Gasthaus, Markt, Drogerie, Buchhandlung, Metzgerei, Restaurant, Hotel, Kiosk, Zum, Haus, Laden, Supermarkt, Blumen',
    ),
    fr: listed(
      'Café, Boulangerie, Pharmacie, Bistro, Marché, Librairie, Boucherie, Restaurant, Hôtel, Le, La, Chez, Épicerie, Maison, Tabac',
    ),
    es: listed(
      'Café, Panadería, Farmacia, Bar, Mercado, Librería, Carnicería, Restaurante, Hotel, El, La, Casa, Tienda, Frutería, Taberna',
    ),
  },
  'held-back': {
    en: listed(
      'Kitchen, Deli, Bistro, Florist, Inn, Outlet, Corner, Royal, Goods, Kiosk, Tea Room',
    ),
    de: listed('Konditorei, Wirtshaus, Imbiss, Reformhaus, Baumarkt, Optik, Weinstube, Hofladen'),
    fr: listed('Brasserie, Crêperie, Fromagerie, Auberge, Pâtisserie, Primeur, Quincaillerie'),
    es: listed('Bodega, Pastelería, Ferretería, Cafetería, Mesón, Droguería, Pescadería'),
  },
}

/** What is sold. */
export const goods: Lists = {
  training: {
    en: listed(
      'Espresso, Cappuccino, Croissant, Bread, Milk, Butter, Apple, Bananas, Chicken Wrap, Tuna Salad, Soup, Burger, French Fries, Cola, Water, Beer, Red Wine, Tea, Orange Juice, Sandwich, Cheese, Eggs, Rice, Pasta, Tomatoes, Notebook, Pen, Battery, Socks, T-Shirt, Shampoo, Soap, Toothpaste, Aspirin, Light Bulb, Screws, Paint, Candle, Roses, Parking, Single Room, Breakfast, Delivery, Gift Card, Plastic Bag, Ice Cream, Chocolate Bar, Cake, Muffin, Bagel, Ham & Cheese, Pork Ribs, Fish & Chips, Side Salad, Lager, Tonic',
    ),
    de: listed(
      'Brötchen, Vollkornbrot, Milch, Butter, Käse, Apfelschorle, Schnitzel, Pommes, Currywurst, Bier, Weißwein, Kaffee, Tee, Mineralwasser, Salat, Suppe, Kuchen, Eier, Kartoffeln, Äpfel, Birnen, Gurke, Joghurt, Sahne, Wurst, Schinken, Nudeln, Zucker, Mehl, Seife, Zahnpasta, Heft, Stift, Batterie, Glühbirne, Schrauben, Tasche, Pfand, Übernachtung, Frühstück, Brezel, Helles, Spätzle, Zwiebeln, Möhren, Hackfleisch',
    ),
    fr: listed(
      'Baguette, Croissant, Café, Thé, Lait, Beurre, Fromage, Jambon, Vin rouge, Bière, Eau minérale, Jus, Salade, Soupe, Steak frites, Poulet rôti, Tarte, Gâteau, Pommes, Poires, Carottes, Riz, Pâtes, Sucre, Farine, Savon, Dentifrice, Cahier, Stylo, Pile, Chemise, Bougie, Sac, Petit déjeuner, Menu du jour, Crème, Œufs, Oignons, Saucisse, Chocolat',
    ),
    es: listed(
      'Café solo, Café con leche, Pan, Leche, Queso, Jamón, Vino tinto, Cerveza, Agua, Zumo, Ensalada, Sopa, Tortilla, Paella, Pollo asado, Manzanas, Peras, Patatas, Arroz, Azúcar, Harina, Aceite, Jabón, Cuaderno, Lápiz, Pilas, Camisa, Bolsa, Desayuno, Menú del día, Huevos, Cebollas, Chorizo, Churros, Helado, Tostada, Naranja, Limón',
    ),
  },
  'held-back': {
    en: listed(
      'Flat White, Scone, Oat Flakes, Cheddar, Grapes, Veggie Bowl, Pulled Pork, Nachos, Lemonade, Cider, Gin, Olives, Stapler, Umbrella, Hat, Toilet Paper, Sun Lotion, Hammer, Tulips, Late Checkout, Donut, Brownie, Hot Dog, Ramen, Ginger Ale',
    ),
    de: listed(
      'Laugenstange, Quark, Paprika, Spargel, Gulasch, Radler, Rotwein, Kakao, Sprudel, Linsen, Senf, Honig, Bleistift, Regenschirm, Spülmittel, Dübel, Tulpen, Parkgebühr, Maultaschen, Knödel, Rösti',
    ),
    fr: listed(
      'Pain au lait, Tisane, Yaourt, Camembert, Pastis, Limonade, Quiche, Omelette, Moules, Raisins, Poireaux, Huile, Miel, Crayon, Parapluie, Lessive, Tulipes, Nuitée, Éclair, Cidre',
    ),
    es: listed(
      'Cortado, Magdalena, Yogur, Manchego, Sidra, Gazpacho, Croquetas, Calamares, Uvas, Pimientos, Miel, Mostaza, Bolígrafo, Paraguas, Detergente, Clavos, Tulipanes, Aparcamiento, Piña, Horchata',
    ),
  },
}
